/** Built-in policies between the flows of a band. */
@NullMarked
package dev.sluice.flowcontrol.plugins.fairness;

import org.jspecify.annotations.NullMarked;
