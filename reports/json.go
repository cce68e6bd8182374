package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/assay-dev/assay/expectations/result"
)

// JSON writes the run as assay.report/v1, indented.
func JSON(w io.Writer, rep *result.Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // expressions are full of < and &&, and people read them
	if err := enc.Encode(rep); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}
