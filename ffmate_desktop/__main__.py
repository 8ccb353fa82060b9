"""`python -m ffmate_desktop` is the same program as `ffmate-desktop`."""

from ffmate_desktop.cli.fast_start import main

if __name__ == "__main__":
    main()
