using System.Globalization;
using System.Xml.Linq;
using Ouro.Training.Recipes;

namespace Ouro.Laws.Training;

/// <summary>The pictures of a log are pictures, whatever the log holds.</summary>
public sealed class CurveLaws
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    [InlineData(5000, 4)]
    [InlineData(30, 32)]
    public void Both_are_well_formed_and_nothing_leaves_the_frame(int count, int loops)
    {
        var lines = Enumerable.Range(1, count).Select(number => Line(number <= count / 2 ? "first <&\" stage" : "second", number, number * 1000L, number <= count / 2 ? Math.Max(1, loops / 2) : loops)).ToList();
        foreach (var svg in new[] { Curves.Loss("<tiny> & \u0001", lines), Curves.Exits("<tiny>", lines) })
        {
            var picture = XDocument.Parse(svg).Root.ShouldNotBeNull();

            picture.Name.LocalName.ShouldBe("svg");
            var (width, height) = (Number(picture, "width"), Number(picture, "height"));
            svg.ShouldNotContain("NaN");
            svg.ShouldContain("prefers-color-scheme");
            svg.ShouldContain("tokens");
            foreach (var text in picture.Descendants().Where(element => element.Name.LocalName == "text"))
            {
                Number(text, "x").ShouldBeInRange(0, width);
                Number(text, "y").ShouldBeInRange(0, height);
            }

            foreach (var path in picture.Descendants().Where(element => element.Name.LocalName == "path"))
            {
                var numbers = path.Attribute("d")!.Value.Split('M', 'L', 'Z', ' ').Where(part => part.Length > 0).Select(part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray();
                numbers.Where((_, index) => index % 2 == 0).ShouldAllBe(x => x >= 0 && x <= width);
                numbers.Where((_, index) => index % 2 == 1).ShouldAllBe(y => y >= 0 && y <= height);
            }
        }
    }

    [Fact]
    public void A_loop_that_was_never_measured_leaves_a_gap()
    {
        var lines = new List<LogLine> { Line("a", 1, 10, 2), Line("a", 2, 20, 2) with { LossByLoop = [double.NaN, 1] }, Line("a", 3, 30, 2) };

        var svg = Curves.Loss("t", lines);

        svg.ShouldNotContain("NaN");
        XDocument.Parse(svg).Descendants().Count(element => element.Name.LocalName == "path").ShouldBe(2);
    }

    [Fact]
    public void Points_and_spreads_stay_inside_and_what_is_not_finite_is_left_out()
    {
        var drawing = new Picture("a < b", new Axis("across", 1, 6), new Axis("up, %", 0.2, 0.4, 0.01)) { NameWidth = 120 };
        foreach (var value in new[] { 0.1, 0.3, 0.9, double.NaN })
        {
            drawing.Point("red", 7, value);
            drawing.Spread("red", 0, 0.25, value);
        }

        drawing.Name("red", 0.3, "a & b");
        var picture = XDocument.Parse(drawing.Finish()).Root.ShouldNotBeNull();

        var points = picture.Descendants().Where(element => element.Name.LocalName == "circle").ToArray();
        points.Select(point => Number(point, "cx")).ShouldBe([740, 740, 740]);
        points.Select(point => Number(point, "cy")).ShouldBe([366, 216, 66]);
        picture.ToString().ShouldNotContain("NaN");
        picture.Descendants().Select(element => element.Value).ShouldContain("a & b");
        picture.Descendants().Where(element => element.Attribute("text-anchor")?.Value == "middle").Select(element => element.Value).ShouldBe(["1", "2", "3", "4", "5", "6"]);
    }

    static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    static LogLine Line(string stage, int step, long tokens, int loops)
        => new(stage, step, tokens, 3, [.. Enumerable.Range(1, loops).Select(loop => 3 + (1.0 / loop) - (step * 1e-4))], [.. Enumerable.Repeat(1.0 / loops, loops)], 1, 1e-3, 1, 100, step);
}
