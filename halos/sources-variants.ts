/** The publications of variants of DPO and KTO: see sources.ts. */
import { paper } from './source.ts'

export const gpo = paper(
  'tang2024gpo',
  2024,
  '2402.05749',
  'Generalized Preference Optimization: A Unified Approach to Offline Alignment',
  'Yunhao Tang, Zhaohan Daniel Guo, Zeyu Zheng, Daniele Calandriello, others',
)
export const dpop = paper(
  'pal2024smaug',
  2024,
  '2402.13228',
  'Smaug: Fixing Failure Modes of Preference Optimisation with DPO-Positive',
  'Arka Pal, Deep Karkhanis, Samuel Dooley, Manley Roberts, Siddartha Naidu, Colin White',
)
export const bpo = paper(
  'sun2025bpo',
  2025,
  '2506.03557',
  'BPO: Revisiting Preference Modeling in Direct Preference Optimization',
  'Lin Sun, others',
)
export const rePo = paper('wu2025repo', 2025, '2503.07426', 'RePO: ReLU-based Preference Optimization', 'Junkang Wu, others')
export const dpoShift = paper(
  'yang2025dposhift',
  2025,
  '2502.07599',
  'DPO-Shift: Shifting the Distribution of Direct Preference Optimization',
  'Xiliang Yang, others',
)
export const minorDpo = paper(
  'xie2024minordpo',
  2024,
  '2408.09834',
  'Minor DPO Reject Penalty to Increase Training Robustness',
  'Shiming Xie, others',
)
export const calDpo = paper(
  'xiao2024caldpo',
  2024,
  '2412.14516',
  'Cal-DPO: Calibrated Direct Preference Optimization for Language Model Alignment',
  'Teng Xiao, others',
)
export const npo = paper(
  'zhang2024npo',
  2024,
  '2404.05868',
  'Negative Preference Optimization: From Catastrophic Collapse to Effective Unlearning',
  'Ruiqi Zhang, Licong Lin, Yu Bai, Song Mei',
)
export const simNpo = paper(
  'fan2024simnpo',
  2024,
  '2410.07163',
  'Simplicity Prevails: Rethinking Negative Preference Optimization for LLM Unlearning',
  'Chongyu Fan, Jiancheng Liu, Licong Lin, others',
)
export const una = paper(
  'wang2024una',
  2024,
  '2408.15339',
  'UNA: Unifying Alignments of RLHF/PPO, DPO and KTO by a Generalized Implicit Reward Function',
  'Zhichao Wang, others',
)
export const drDpo = paper(
  'wu2024drdpo',
  2024,
  '2407.07880',
  'Towards Robust Alignment of Language Models: Distributionally Robustifying Direct Preference Optimization',
  'Junkang Wu, others',
)
export const chiPo = paper(
  'huang2024chipo',
  2024,
  '2407.13399',
  'Correcting the Mythos of KL-Regularization: Direct Alignment without Overoptimization via Chi-Squared Preference Optimization',
  'Audrey Huang, Wenhao Zhan, Tengyang Xie, Jason D. Lee, Wen Sun, Akshay Krishnamurthy, Dylan J. Foster',
)
export const simPer = paper(
  'xiao2025simper',
  2025,
  '2502.00883',
  'SimPER: A Minimalist Approach to Preference Alignment without Hyperparameters',
  'Teng Xiao, others',
)
export const odpo = paper(
  'amini2024odpo',
  2024,
  '2402.10571',
  'Direct Preference Optimization with an Offset',
  'Afra Amini, Tim Vieira, Ryan Cotterell',
)
export const rDpo = paper(
  'park2024rdpo',
  2024,
  '2403.19159',
  'Disentangling Length from Quality in Direct Preference Optimization',
  'Ryan Park, Rafael Rafailov, Stefano Ermon, Chelsea Finn',
)
export const rebel = paper(
  'gao2024rebel',
  2024,
  '2404.16767',
  'REBEL: Reinforcement Learning via Regressing Relative Rewards',
  'Zhaolin Gao, Jonathan D. Chang, Wenhao Zhan, others',
)
export const irpo = paper(
  'pang2024irpo',
  2024,
  '2404.19733',
  'Iterative Reasoning Preference Optimization',
  'Richard Yuanzhe Pang, Weizhe Yuan, Kyunghyun Cho, He He, Sainbayar Sukhbaatar, Jason Weston',
)
export const rewardAware = paper(
  'sun2025rpo',
  2025,
  '2502.00203',
  'Reward-aware Preference Optimization: A Unified Mathematical Framework for Model Alignment',
  'Shengyang Sun, others',
)
export const maPpo = paper(
  'lan2025mappo',
  2025,
  '2507.21183',
  'MaPPO: Maximum a Posteriori Preference Optimization with Prior Knowledge',
  'Guangchen Lan, Sipeng Zhang, Tianle Wang, others',
)
export const rainbowPo = paper(
  'zhao2024rainbowpo',
  2024,
  '2410.04203',
  'RainbowPO: A Unified Framework for Combining Improvements in Preference Optimization',
  'Hanyang Zhao, others',
)
export const wpo = paper(
  'zhou2024wpo',
  2024,
  '2406.11827',
  'WPO: Enhancing RLHF with Weighted Preference Optimization',
  'Wenxuan Zhou, others',
)
export const mallows = paper(
  'chen2024mallows',
  2024,
  '2405.14953',
  'MallowsPO: Fine-Tune Your LLM with Preference Dispersions',
  'Haoxian Chen, Hanyang Zhao, Henry Lam, David D. Yao, Wenpin Tang',
)
export const fPo = paper(
  'han2024fpo',
  2024,
  '2410.21662',
  'f-PO: Generalizing Preference Optimization with f-divergence Minimization',
  'Jiaqi Han, Mingjian Jiang, Yuxuan Song, Jure Leskovec, Stefano Ermon, Minkai Xu',
)
export const ldDpo = paper(
  'liu2024lddpo',
  2024,
  '2409.06411',
  'Length Desensitization in Direct Preference Optimization',
  'Wei Liu, others',
)
export const diffusionKto = paper(
  'li2024diffusionkto',
  2024,
  '2404.04465',
  'Aligning Diffusion Models by Optimizing Human Utility',
  'Shufan Li, Konstantinos Kallidromitis, Akash Gokul, Yusuke Kato, Kazuki Kozuka',
)
export const humanline = paper(
  'liu2025humanline',
  2025,
  '2509.24207',
  'Humanline: Online Alignment as Perceptual Loss',
  'Sijia Liu, Niklas Muennighoff, Kawin Ethayarajh',
)
