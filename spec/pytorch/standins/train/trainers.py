"""As much of HALOs as adapter_halos.py asks for, its count of what is not 0 included."""

import torch, torch.nn.functional as F


class DPOTrainer:
    def loss(self, batch, pc, pr, rc, rr, *args):
        b = self.config.loss.beta
        c, r = b * (pc - rc).sum(-1), b * (pr - rr).sum(-1)
        return -F.logsigmoid(c - r), c.detach(), r.detach(), 1, 1


class KTOTrainer:
    def loss(self, batch, pc, pr, pk, rc, rr, rk, *args):
        l = self.config.loss
        k = (pk.detach() - rk.detach()).sum(-1)
        stats = self.accelerator.reduce(
            torch.stack((k.sum(), (k != 0).to(k.dtype).sum())), reduction="sum"
        )
        kl = (stats[0] / stats[1].clamp(min=1)).clamp(min=0)
        a = l.desirable_weight * (1 - torch.sigmoid(l.beta * ((pc - rc).sum(-1) - kl)))
        b = l.undesirable_weight * (
            1 - torch.sigmoid(l.beta * (kl - (pr - rr).sum(-1)))
        )
        return torch.cat((a, b)), 0, 0, kl, 1, 1
