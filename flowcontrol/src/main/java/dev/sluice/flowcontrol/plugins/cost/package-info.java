/**
 * Built-in cost models and output predictors.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.cost;

import org.jspecify.annotations.NullMarked;
