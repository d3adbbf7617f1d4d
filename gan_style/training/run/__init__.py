"""The folder of a training: configuration, saved states, history, previews and its page."""
