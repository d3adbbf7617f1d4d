"""``python -m gan_style``."""

from gan_style.cli.app import main

if __name__ == "__main__":
    main()
