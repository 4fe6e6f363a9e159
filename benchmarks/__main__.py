"""Every workload of every module here beside its peers: ``python -m benchmarks``."""

from .runner import main

if __name__ == "__main__":
    main()
