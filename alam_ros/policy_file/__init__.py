"""The policy file: everything a robot needs of a training run, in one verified file without code or pickles."""

from alam_ros.policy_file.contents import PolicyContents, decode, encode
from alam_ros.policy_file.files import policy_id, read_bytes, read_policy, write_policy
from alam_ros.policy_file.manifest import Manifest

__all__ = ["Manifest", "PolicyContents", "decode", "encode", "policy_id", "read_bytes", "read_policy", "write_policy"]
