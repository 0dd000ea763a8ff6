/**
 * Built-in cost models and output predictors.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.cost;

import org.jspecify.annotations.NullMarked;
