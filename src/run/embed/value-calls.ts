/** Calls of functions with values. */
import type { CoreValue } from "../../abi/type.ts";
import type { DefinedResource } from "../../load/link/defined-resource.ts";
import { Calls, type Lifted, type LiftedItem } from "../calls.ts";
import type { ExportedFunction } from "./exports.ts";
import { asTrap } from "../life.ts";
import { LiftedValues, type Scalars } from "./lifted.ts";

type ScalarCall = (...args: CoreValue[]) => unknown;

export class ValueCalls extends Calls {
  function(name: string, func: LiftedItem): ExportedFunction {
    const lifted = new LiftedValues(name, func, this.linked, this.life.task);
    const general = this.general(lifted);
    const { scalar } = lifted;
    if (!scalar || this.waitsElsewhere) return general;
    const call = this.isSync ? this.#scalarSync(lifted, scalar) : this.#scalarSuspended(lifted, scalar);
    return this.#scalar(scalar, call, general);
  }

  /**
   * A function of a few numbers, without the general way's arrays and closures: a sixth of its time. What is not as it
   * should be goes the general way, which says so.
   */
  #scalar({ params }: Scalars, call: ScalarCall, general: ExportedFunction): ExportedFunction {
    const linked = this.linked;
    const { task } = this.life;
    const [first, second, third] = params;
    return (...args) => {
      if (this.isRunning || task.isEnded || linked.entry) return general(...args);
      let a: CoreValue = 0;
      let b: CoreValue = 0;
      let c: CoreValue = 0;
      try {
        if (first) a = first(args[0]);
        if (second) b = second(args[1]);
        if (third) c = third(args[2]);
      } catch {
        return general(...args);
      }
      this.isRunning = true;
      return call(a, b, c);
    };
  }

  #scalarSync({ core: call }: Lifted, { result }: Scalars): ScalarCall {
    const core = call as ScalarCall;
    const { task } = this.life;
    return (a, b, c) => {
      try {
        const value = core(a, b, c);
        this.isRunning = false;
        if (task.isEnded) task.assertAlive();
        return result?.(value);
      } catch (error) {
        this.isRunning = false;
        void this.life.fail(error);
        throw asTrap(error);
      }
    };
  }

  /** As `#scalarSync`, for calls that may be suspended. */
  #scalarSuspended(lifted: Lifted, { result }: Scalars): ScalarCall {
    const { task } = this.life;
    const left = (value: unknown): unknown => {
      if (task.isEnded) return this.leave(lifted, value);
      const returned = result?.(value);
      this.left();
      return returned;
    };
    const failed = (error: unknown): Promise<never> => this.fail(error);
    return (a, b, c) => lifted.promising(a, b, c).then(left, failed);
  }

  /** Runs the destructor of a resource that JavaScript lets go of. */
  async destroy(type: DefinedResource, rep: number): Promise<void> {
    const destructor = type.destructor?.();
    if (!destructor || this.life.task.isEnded) return;
    // A guest that is called synchronously is left when this goes on.
    if (this.isSync && this.isRunning) await Promise.resolve();
    const run = this.isSync ? destructor : this.life.task.promising(destructor);
    await this.inTurn(async () => {
      try {
        this.enter();
        await run(...([rep] as never[]));
        this.left();
      } catch (error) {
        await this.fail(error);
      }
    }).catch(() => {});
  }
}
