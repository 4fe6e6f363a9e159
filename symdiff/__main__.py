"""``python -m symdiff`` is the command ``symdiff``."""

from .cli import main

if __name__ == "__main__":
    main()
