/** What a node counts about itself, for Prometheus: every name begins with `bmail_`. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  readonly height: Gauge
  readonly epoch: Gauge
  readonly peers: Gauge
  /** Operations that wait to be settled. */
  readonly pendingOps: Gauge
  /** Envelopes kept. */
  readonly envelopes: Gauge
  /** Operations that were gossiped and that the host has not collected since: what a host that censors looks like. */
  readonly uncollectedOps: Gauge
  /** 1 once a host was seen to sign two batches at one height, or replay failed. */
  readonly halted: Gauge
  /** 1 for each trouble that there is now, by its name. */
  readonly trouble: Gauge<'name'>
  /** Proofs verified since the start, by what came of it: `held`, `failed`, or `remembered` from before. */
  readonly proofs: Gauge<'result'>
  /** Proofs that wait to be verified. */
  readonly proofsWaiting: Gauge
  readonly opsSettled: Counter<'action'>
  /** In a batch, and no mail: paid and undelivered, or void. No honest host includes one. */
  readonly opsRefused: Counter<'reason'>
  /** Left out of a batch by the host. */
  readonly opsOmitted: Counter<'reason'>
  /** Topics by kind (`mail`, `ops`, `batches`, `releases`), answers as gossip gives them. */
  readonly gossip: Counter<'topic' | 'answer'>
  /** Time between one batch and the next. */
  readonly batchIntervalSeconds: Histogram
}

/** Fresh metrics in a registry of their own, all at 0. */
export function createMetrics(): { readonly metrics: Metrics; readonly registry: Registry } {
  const registry = new Registry()
  const gauge = (name: string, help: string) => new Gauge({ name: `bmail_${name}`, help, registers: [registry] })
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter<Label>({ name: `bmail_${name}_total`, help, labelNames, registers: [registry] })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `bmail_${name}`, help, buckets, registers: [registry] })
  const metrics: Metrics = {
    height: gauge('height', 'Height of the last final batch'),
    epoch: gauge('epoch', 'Epoch of the last final batch'),
    peers: gauge('peers', 'Peers connected'),
    pendingOps: gauge('pending_ops', 'Operations that wait to be settled'),
    envelopes: gauge('envelopes', 'Envelopes kept'),
    uncollectedOps: gauge('uncollected_ops', 'Operations gossiped and not collected by the host'),
    halted: gauge('halted', 'Whether this node stopped replaying, on evidence against the host or on a failure'),
    trouble: new Gauge({
      name: 'bmail_trouble',
      help: 'Whether this trouble is there now',
      labelNames: ['name'],
      registers: [registry],
    }),
    proofs: new Gauge({
      name: 'bmail_proofs',
      help: 'Proofs verified since the start',
      labelNames: ['result'],
      registers: [registry],
    }),
    proofsWaiting: gauge('proofs_waiting', 'Proofs that wait to be verified'),
    opsSettled: counter('ops_settled', 'Operations settled', 'action'),
    opsRefused: counter('ops_refused', 'Operations in batches that were void, or paid and undelivered', 'reason'),
    opsOmitted: counter('ops_omitted', 'Operations that this host left out', 'reason'),
    gossip: counter('gossip', 'Gossiped messages by what was answered', 'topic', 'answer'),
    batchIntervalSeconds: histogram('batch_interval_seconds', 'Time from one batch to the next', intervals),
  }
  return { metrics, registry }
}

const intervals = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300]
