"""As much of TRL as adapter_trl.py asks for."""

import torch, torch.nn.functional as F


class KTOTrainer:
    def _compute_loss(self, model, inputs, return_outputs):
        def logps(prefix):
            ids = inputs[prefix + "input_ids"]
            logits = model(
                input_ids=ids, attention_mask=inputs[prefix + "attention_mask"]
            ).logits[:, :-1]
            t = torch.log_softmax(logits, -1).gather(-1, ids[:, 1:, None]).squeeze(-1)
            return (t * inputs[prefix + "completion_mask"][:, 1:]).sum(-1)

        with torch.no_grad():
            kl = (logps("KL_") - inputs["ref_KL_logps"]).mean().detach()
        kl = self.accelerator.gather_for_metrics(kl).mean().clamp(min=0)
        u, liked = logps("") - inputs["ref_logps"], inputs["label"]
        a = self.desirable_weight * (1 - torch.sigmoid(self.beta * (u[liked] - kl)))
        b = self.undesirable_weight * (1 - torch.sigmoid(self.beta * (kl - u[~liked])))
        return torch.cat((a, b)).nanmean()
