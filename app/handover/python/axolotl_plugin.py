"""The loss of `halo_loss.py` in axolotl, through TRL's trainer. Written for axolotl 0.18
(`BasePlugin.get_trainer_cls` read in July 2026); run against a stand-in only.

    plugins:
      - axolotl_plugin.HaloPlugin
    rl: kto            # or dpo: what the loss learns from
"""

from __future__ import annotations

from axolotl.integrations.base import BasePlugin

from trl_trainer import HaloTrainer


class HaloPlugin(BasePlugin):
    def get_trainer_cls(self, cfg):
        return HaloTrainer
