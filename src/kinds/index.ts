/** The list of all kinds, in the order the palette shows them; the only place a new kind has to be entered. */
import type { AnyKind } from '../kit/kind.ts';
import { autoscaler } from './autoscaler.ts';
import { apiGateway } from './api-gateway/api-gateway.ts';
import { batcher } from './batcher.ts';
import { cdn } from './cdn.ts';
import { database } from './database.ts';
import { embeddingService } from './embedding-service.ts';
import { fallback } from './fallback.ts';
import { featureStore } from './feature-store.ts';
import { gpuPool } from './gpu-pool/gpu-pool.ts';
import { graphStore } from './graph-store.ts';
import { guardrail } from './guardrail/guardrail.ts';
import { idempotencyLedger } from './idempotency-ledger.ts';
import { kvCache } from './kv-cache/kv-cache.ts';
import { loadBalancer } from './load-balancer.ts';
import { modelRouter } from './model-router.ts';
import { modelServer } from './model-server.ts';
import { queue } from './queue.ts';
import { objectStore } from './object-store.ts';
import { rateLimiter } from './rate-limiter.ts';
import { reranker } from './reranker.ts';
import { responseCache } from './response-cache/response-cache.ts';
import { searchIndex } from './search-index.ts';
import { service } from './service.ts';
import { stream } from './stream.ts';
import { users } from './users.ts';
import { vectorDb } from './vector-db.ts';
import { workerPool } from './worker-pool.ts';

/** All kinds. */
export const kinds: readonly AnyKind[] = [users, apiGateway, loadBalancer, rateLimiter, modelRouter, fallback, service, workerPool, batcher, modelServer, embeddingService, reranker, gpuPool, kvCache, responseCache, cdn, featureStore, vectorDb, searchIndex, graphStore, database, objectStore, queue, stream, idempotencyLedger, autoscaler, guardrail];

const byId = new Map(kinds.map((kind) => [kind.id, kind]));

/** The kind of that id, if there is one. */
export function kindOf(id: string): AnyKind | undefined {
  return byId.get(id);
}
