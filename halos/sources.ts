/** The publications that losses are taken from: `kto('eq. 7')` is that equation of that paper. */
import { paper, type TextSource } from './source.ts'

export const kto = paper(
  'ethayarajh2024kto',
  2024,
  '2402.01306',
  'KTO: Model Alignment as Prospect Theoretic Optimization',
  'Kawin Ethayarajh, Winnie Xu, Niklas Muennighoff, Dan Jurafsky, Douwe Kiela',
)
export const dpo = paper(
  'rafailov2023dpo',
  2023,
  '2305.18290',
  'Direct Preference Optimization: Your Language Model is Secretly a Reward Model',
  'Rafael Rafailov, Archit Sharma, Eric Mitchell, Stefano Ermon, Christopher D. Manning, Chelsea Finn',
)
export const instructGpt = paper(
  'ouyang2022instructgpt',
  2022,
  '2203.02155',
  'Training language models to follow instructions with human feedback',
  'Long Ouyang, Jeff Wu, others',
)
export const apo = paper(
  'doosterlinck2024apo',
  2024,
  '2408.06266',
  'Anchored Preference Optimization and Contrastive Revisions: Addressing Underspecification in Alignment',
  "Karel D'Oosterlinck, Winnie Xu, others",
)
export const bco = paper(
  'jung2024bco',
  2024,
  '2404.04656',
  'Binary Classifier Optimization for Large Language Model Alignment',
  'Seungjae Jung, Gunsoo Han, Daniel Wontae Nam, Kyoung-Woon On',
)
export const slic = paper(
  'zhao2023slic',
  2023,
  '2305.10425',
  'SLiC-HF: Sequence Likelihood Calibration with Human Feedback',
  'Yao Zhao, Rishabh Joshi, Tianqi Liu, Misha Khalman, Mohammad Saleh, Peter J. Liu',
)
export const robustDpo = paper(
  'chowdhury2024robust',
  2024,
  '2403.00409',
  'Provably Robust DPO: Aligning Language Models with Noisy Feedback',
  'Sayak Ray Chowdhury, Anush Kini, Nagarajan Natarajan',
)
export const ipo = paper(
  'azar2023ipo',
  2023,
  '2310.12036',
  'A General Theoretical Paradigm to Understand Learning from Human Preferences',
  'Mohammad Gheshlaghi Azar, Mark Rowland, others',
)
export const exo = paper(
  'ji2024exo',
  2024,
  '2402.00856',
  'Towards Efficient Exact Optimization of Language Model Alignment',
  'Haozhe Ji, Cheng Lu, others',
)
export const nca = paper(
  'chen2024nca',
  2024,
  '2402.05369',
  'Noise Contrastive Alignment of Language Models with Explicit Rewards',
  'Huayu Chen, Guande He, others',
)
export const sppo = paper(
  'wu2024sppo',
  2024,
  '2405.00675',
  'Self-Play Preference Optimization for Language Model Alignment',
  'Yue Wu, Zhiqing Sun, others',
)
export const discopop = paper(
  'lu2024discopop',
  2024,
  '2406.08414',
  'Discovering Preference Optimization Algorithms with and for Large Language Models',
  'Chris Lu, Samuel Holt, others',
)
export const aot = paper(
  'melnyk2024aot',
  2024,
  '2406.05882',
  'Distributional Preference Alignment of LLMs via Optimal Transport',
  'Igor Melnyk, Youssef Mroueh, others',
)
export const fDpo = paper(
  'wang2023fdpo',
  2023,
  '2309.16240',
  'Beyond Reverse KL: Generalizing Direct Preference Optimization with Diverse Divergence Constraints',
  'Chaoqi Wang, Yibo Jiang, Chenghao Yang, Han Liu, Yuxin Chen',
)
export const mpo = paper(
  'wang2024mpo',
  2024,
  '2411.10442',
  'Enhancing the Reasoning Ability of Multimodal Large Language Models via Mixed Preference Optimization',
  'Weiyun Wang, Zhe Chen, others',
)
export const cpo = paper(
  'xu2024cpo',
  2024,
  '2401.08417',
  'Contrastive Preference Optimization: Pushing the Boundaries of LLM Performance in Machine Translation',
  'Haoran Xu, Amr Sharaf, others',
)
export const simpo = paper(
  'meng2024simpo',
  2024,
  '2405.14734',
  'SimPO: Simple Preference Optimization with a Reference-Free Reward',
  'Yu Meng, Mengzhou Xia, Danqi Chen',
)
export const tulu = paper(
  'lambert2024tulu3',
  2024,
  '2411.15124',
  'Tulu 3: Pushing Frontiers in Open Language Model Post-Training',
  'Nathan Lambert, Jacob Morrison, Valentina Pyatkin, Shengyi Huang, Hamish Ivison, others',
)
export const alphaPo = paper(
  'gupta2025alphapo',
  2025,
  '2501.03884',
  'AlphaPO: Reward Shape Matters for LLM Alignment',
  'Aman Gupta, others',
)
export const orpo = paper(
  'hong2024orpo',
  2024,
  '2403.07691',
  'ORPO: Monolithic Preference Optimization without Reference Model',
  'Jiwoo Hong, Noah Lee, James Thorne',
)
export const ppo = paper(
  'schulman2017ppo',
  2017,
  '1707.06347',
  'Proximal Policy Optimization Algorithms',
  'John Schulman, Filip Wolski, Prafulla Dhariwal, Alec Radford, Oleg Klimov',
)
export const grpo = paper(
  'shao2024grpo',
  2024,
  '2402.03300',
  'DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models',
  'Zhihong Shao, Peiyi Wang, others',
)
export const gspo = paper('zheng2025gspo', 2025, '2507.18071', 'Group Sequence Policy Optimization', 'Chujie Zheng, Shixuan Liu, others')
export const sapo = paper('gao2025sapo', 2025, '2511.20347', 'Soft Adaptive Policy Optimization', 'Chang Gao, others')
export const cispo = paper(
  'minimax2025m1',
  2025,
  '2506.13585',
  'MiniMax-M1: Scaling Test-Time Compute Efficiently with Lightning Attention',
  'MiniMax',
)
export const unlikelihood = paper(
  'welleck2019unlikelihood',
  2019,
  '1908.04319',
  'Neural Text Generation with Unlikelihood Training',
  'Sean Welleck, Ilia Kulikov, Stephen Roller, Emily Dinan, Kyunghyun Cho, Jason Weston',
)
export const conditional = paper(
  'korbak2023pretraining',
  2023,
  '2302.08582',
  'Pretraining Language Models with Human Preferences',
  'Tomasz Korbak, Kejian Shi, Angelica Chen, Rasika Bhalerao, Christopher L. Buckley, Jason Phang, Samuel R. Bowman, Ethan Perez',
)

export const cdpo = (at: string): TextSource => ({
  key: 'mitchell2023cdpo',
  year: 2023,
  title: 'A Note on DPO with Noisy Preferences and Relationship to IPO',
  authors: ['Eric Mitchell'],
  at,
})
export const tverskyKahneman = (at: string): TextSource => ({
  key: 'tversky1992advances',
  year: 1992,
  title: 'Advances in Prospect Theory: Cumulative Representation of Uncertainty',
  authors: ['Amos Tversky', 'Daniel Kahneman'],
  journal: { name: 'Journal of Risk and Uncertainty', volume: '5', pages: '297--323' },
  at,
})
export const bradleyTerry = (at: string): TextSource => ({
  key: 'bradley1952rank',
  year: 1952,
  title: 'Rank Analysis of Incomplete Block Designs: I. The Method of Paired Comparisons',
  authors: ['Ralph Allan Bradley', 'Milton E. Terry'],
  journal: { name: 'Biometrika', volume: '39', pages: '324--345' },
  at,
})
