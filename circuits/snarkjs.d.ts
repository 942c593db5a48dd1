/** The part of snarkjs that makes and verifies set-ups; it comes without types. */
declare module 'snarkjs' {
  /** It tells what it does, and of a refusal why, only here. */
  type Logger = Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void>

  export const powersOfTau: {
    newAccumulator(curve: unknown, power: number, file: string, logger: Logger): Promise<unknown>
    contribute(from: string, to: string, name: string, entropy: string, logger: Logger): Promise<unknown>
    beacon(from: string, to: string, name: string, value: string, iterations: number, logger: Logger): Promise<unknown>
    preparePhase2(from: string, to: string, logger: Logger): Promise<unknown>
    /** False or a throw where anything in the file is not as it has to be. */
    verify(file: string, logger: Logger): Promise<boolean>
  }
  export const zKey: {
    /** The hash of the circuit, or -1 where the powers do not reach. */
    newZKey(r1cs: string, powers: string, to: string, logger: Logger): Promise<Uint8Array | -1>
    /** The hash of the contribution, 64 bytes. */
    contribute(from: string, to: string, name: string, entropy: string, logger: Logger): Promise<Uint8Array>
    /** The hash of the contribution, or false where the beacon is of the wrong form. */
    beacon(
      from: string,
      to: string,
      name: string,
      value: string,
      iterations: number,
      logger: Logger,
    ): Promise<Uint8Array | false>
    verifyFromR1cs(r1cs: string, powers: string, zkey: string, logger: Logger): Promise<boolean>
    exportVerificationKey(zkey: string, logger: Logger): Promise<object>
  }
  export const curves: { getCurveFromName(name: 'bn128'): Promise<{ terminate(): Promise<void> }> }
}
