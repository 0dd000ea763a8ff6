/** Built-in usage limits. */
@NullMarked
package dev.sluice.flowcontrol.plugins.limits;

import org.jspecify.annotations.NullMarked;
