/** Tests of the audit, and of the engine by the audit. */
@NullMarked
package dev.sluice.observability.audit;

import org.jspecify.annotations.NullMarked;
