/** A loss has no form in PyTorch: it is made of something that no line of torch is printed for. */
export class TorchError extends TypeError {
  override readonly name = 'TorchError'
  constructor(loss: string, expected: string, found: string) {
    super(`${loss} cannot be written for PyTorch: expected ${expected}, found ${found}`)
  }
}
