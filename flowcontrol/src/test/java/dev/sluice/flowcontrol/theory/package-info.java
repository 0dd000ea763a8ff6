/**
 * The promises of the theory, on random workloads. Each promise is also seen to fail for a mutant.
 */
@NullMarked
package dev.sluice.flowcontrol.theory;

import org.jspecify.annotations.NullMarked;
