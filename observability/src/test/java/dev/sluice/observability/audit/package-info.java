/** Tests of the audit, and tests of the engine by means of the audit. */
@NullMarked
package dev.sluice.observability.audit;

import org.jspecify.annotations.NullMarked;
