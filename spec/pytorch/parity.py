"""`parity.py DIRECTORY…`: check_parity in each, in one process. Prints a line a directory: its name, and what is wrong."""
import json
import pathlib
import sys

for directory in map(pathlib.Path, sys.argv[1:]):
    for name in ("halo_loss", "check_parity"):
        sys.modules.pop(name, None)
    sys.path.insert(0, str(directory))
    import check_parity
    import torch

    wrong = check_parity.failures(torch.float64) + check_parity.failures(torch.float32)
    print(json.dumps([directory.name, wrong]), flush=True)
    sys.path.pop(0)
