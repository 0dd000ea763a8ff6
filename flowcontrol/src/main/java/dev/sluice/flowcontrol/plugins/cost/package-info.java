/** Built-in cost models and output predictors. */
@NullMarked
package dev.sluice.flowcontrol.plugins.cost;

import org.jspecify.annotations.NullMarked;
