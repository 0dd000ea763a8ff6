/** What the theory promises, on random workloads; each promise also seen to fail for a mutant. */
@NullMarked
package dev.sluice.flowcontrol.theory;

import org.jspecify.annotations.NullMarked;
