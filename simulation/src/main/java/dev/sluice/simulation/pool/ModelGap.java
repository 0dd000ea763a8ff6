package dev.sluice.simulation.pool;

/**
 * A time in which a server does not serve one of its models to new requests. Immutable.
 *
 * @param model which
 * @param when the time
 */
public record ModelGap(String model, Window when) {}
