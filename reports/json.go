package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/assay-dev/assay/expectations/result"
)

// JSON writes the run as assay.report/v1, indented. What is too long for a report is cut, and says so.
func JSON(w io.Writer, rep *result.Report) error {
	bounded := *rep
	bounded.Bound()
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // expressions are full of < and &&, and people read them
	if err := enc.Encode(&bounded); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}
