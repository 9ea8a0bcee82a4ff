# SPDX-License-Identifier: Apache-2.0
"""What is in guest/ runs in a container that tests/system/run boots, and nowhere else."""

collect_ignore = ["guest"]
