package platform_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// declaredOperations returns the values of all constants in operation.go.
func declaredOperations() []platform.Operation {
	file, err := parser.ParseFile(token.NewFileSet(), "operation.go", nil, 0)
	Expect(err).NotTo(HaveOccurred())
	var found []platform.Operation
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if value, err := strconv.Unquote(literalText(literal)); ok && err == nil && value != "slices" {
			found = append(found, platform.Operation(value))
		}
		return true
	})
	return found
}

func literalText(literal *ast.BasicLit) string {
	if literal == nil {
		return ""
	}
	return literal.Value
}

var _ = Describe("Operations", func() {
	It("lists every declared operation once", func() {
		Expect(platform.Operations()).To(ConsistOf(declaredOperations()))
	})

	It("gives a list that the caller may change", func() {
		platform.Operations()[0] = "spoilt"
		Expect(platform.Operations()[0]).To(Equal(platform.NewSelectorLoop))
	})

	It("names an operation as its method, with the case in parentheses", func() {
		Expect(platform.AddReader.String()).To(Equal("AddReader"))
		Expect(platform.CreateServerUnix.String()).To(Equal("CreateServer(unix)"))
	})
})
