"""What is claimed about speed and memory, measured on one BLAS thread: `make bench`."""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is loaded, which reads it then
