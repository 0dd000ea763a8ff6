/** Built-in policies of who gives way. */
@NullMarked
package dev.sluice.flowcontrol.plugins.displacement;

import org.jspecify.annotations.NullMarked;
