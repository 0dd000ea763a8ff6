package dev.sluice.simulation.pool;

/**
 * A time in which a server's model list lacks one of its models. Immutable.
 *
 * <p>If the list would be empty, the gap has no effect: the pool ignores an empty model list.
 *
 * @param model the model that is missing
 * @param when the time
 */
public record ModelGap(String model, Window when) {}
