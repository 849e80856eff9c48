import type { Failure, Json, PageMessage, Requests, ResponseMessage } from "../contract";

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M]["params"];

export interface Answer<Result> {
  result: Result;
  buffers: DataView[];
}

/** A refusal by the kernel, with its four parts. */
export class Refusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure;
  return { message: error instanceof Error ? error.message : String(error) };
}

interface Waiting {
  resolve(answer: Answer<Json>): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Questions to the kernel: each ends in an answer or an error, never in silence. */
export class Questions {
  private number = 0;
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly send: (message: PageMessage) => void,
    private readonly patience_ms = 30_000,
    private readonly silence = "The kernel does not answer.",
  ) {}

  ask<M extends Method>(method: M, params: Params<M>): Promise<Answer<Requests[M]["result"]>> {
    this.number += 1;
    const id = `${Date.now().toString(36)}-${this.number}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Refusal({ message: this.silence }));
      }, this.patience_ms);
      const settle = resolve as unknown as Waiting["resolve"]; // the kernel's answer is of the contract's type
      this.waiting.set(id, { resolve: settle, reject, timer });
      this.send({ type: "request", id, method, params: params as Record<string, Json> });
    });
  }

  settle(message: ResponseMessage, buffers: DataView[]): void {
    const found = this.waiting.get(message.id);
    if (!found) return;
    this.waiting.delete(message.id);
    clearTimeout(found.timer);
    if (message.error) found.reject(new Refusal(message.error));
    else found.resolve({ result: message.result ?? null, buffers });
  }
}
