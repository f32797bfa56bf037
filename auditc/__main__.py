"""`python -m auditc`."""

from auditc.cli import main

if __name__ == "__main__":
    main()
