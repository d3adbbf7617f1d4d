"""The entry point: ``gan-style`` and ``python -m gan_style``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; Ctrl-C never prints a traceback, not even during imports."""
    try:
        from gan_style.cli.interrupt import wait_for_imports

        wait_for_imports()
        from gan_style.cli.app import main as run

        run()
    except KeyboardInterrupt:
        print("gan-style: interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
