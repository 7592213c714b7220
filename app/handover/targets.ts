/** What losses are written for, and the files that go beside `halo_loss.py` for it. */
export const targets = ['torch', 'trl', 'halos', 'verl', 'nemo-rl'] as const
export type Target = (typeof targets)[number]

export const filesOf: { readonly [T in Target]: readonly string[] } = {
  torch: [],
  trl: ['trl_trainer.py', 'axolotl_plugin.py'],
  halos: ['halos_trainer.py', 'halograd.yaml'],
  verl: ['verl_loss.py'],
  'nemo-rl': ['nemo_rl_loss.py'],
}
