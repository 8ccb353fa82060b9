"""The presets page, and the list that other dialogs choose presets from."""
