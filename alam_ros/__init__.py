"""alam_ros: learn to move safely offline, deploy the policy, its risk and its gate on ROS 2."""

import os
from pkgutil import extend_path

# The generated messages are installed as `alam_ros.msg`; from a checkout they are found there too.
__path__ = extend_path(__path__, __name__)

# Before NumPy is imported. With more threads the order of summation would depend on how many cores there are, and a replay on
# another machine would differ in the last bit; the products of a policy are too small to gain by them. PyTorch has its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
