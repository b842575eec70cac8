"""`python -m bot` is `walkback`."""

from bot.cli import main

if __name__ == "__main__":
    main()
