"""alam_ros: learn to move safely offline, deploy the policy, its risk and its gate on ROS 2."""

from pkgutil import extend_path

# The generated messages are installed as `alam_ros.msg`; from a checkout they are found there too.
__path__ = extend_path(__path__, __name__)

__version__ = "0.1.0"
