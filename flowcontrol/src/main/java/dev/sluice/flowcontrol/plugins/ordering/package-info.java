/** Built-in policies of the order inside a flow. */
@NullMarked
package dev.sluice.flowcontrol.plugins.ordering;

import org.jspecify.annotations.NullMarked;
