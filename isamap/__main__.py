"""``python -m isamap``."""

from isamap.cli import main

if __name__ == "__main__":
    main()
