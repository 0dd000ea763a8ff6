package dev.sluice.flowcontrol.registry;

/**
 * The limit because of which a request gets no queue. Immutable.
 *
 * @param ofTenant whether the limit is the tenant's and not that of the engine
 * @param text the limit, for the caller
 */
public record ClassLimit(boolean ofTenant, String text) {}
