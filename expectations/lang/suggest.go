package lang

import (
	"sort"
	"strings"

	"github.com/assay-dev/assay/expectations/diag"
)

// suggest returns a hint for an unknown name: the nearest one, or what there is.
func suggest(name string, known []string, what string) string {
	if hint := diag.DidYouMean(name, known); hint != "" {
		return hint
	}
	if len(known) == 0 {
		return ""
	}
	known = append([]string(nil), known...)
	sort.Strings(known)
	more := ""
	if len(known) > 12 {
		known, more = known[:12], ", …"
	}
	return what + ": " + strings.Join(known, ", ") + more
}
