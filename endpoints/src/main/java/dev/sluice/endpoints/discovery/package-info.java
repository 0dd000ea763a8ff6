/** Which endpoints there are and which models they serve. */
@NullMarked
package dev.sluice.endpoints.discovery;

import org.jspecify.annotations.NullMarked;
