package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowKey;

/**
 * The name of a queue: one flow's requests of one eligibility class. In the naive engine, requests
 * of the same LLM model form a class. Between the tenants of a band, {@code owner} is a tenant and
 * its priority, and the queue means the queues of the class of all the tenant's flows.
 */
record QueueKey(FlowKey owner, String model) {}
