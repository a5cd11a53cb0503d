using System.Text;
using Ouro.Generation;
using Ouro.Serving.Store;
using Ouro.Text;

namespace Ouro.Laws.Serving.Store;

/// <summary>What a Modelfile says is what was written, and whatever else somebody writes gets one sentence.</summary>
public sealed class ModelfileLaws
{
    [Fact]
    public void Keywords_may_be_in_any_case_and_any_order()
    {
        var read = Modelfile.Parse("# a comment\n\n  message USER  Hello there \nSystem \"Be brief.\"\nparameter NUM_LOOPS 3\nFrom ./model.gguf\nPARAMETER stop \"<|im_end|>\"\nPARAMETER stop \" \"\n"
            + "LICENSE \"\"\"\nline one\n  line two\"\"\"\nREQUIRES 0.14\nTEMPLATE {{ messages[0]['content'] }}");

        read.From.ShouldBe("./model.gguf");
        read.System.ShouldBe("Be brief.");
        read.Parameters.ShouldBe([new("num_iterations", "3"), new("stop", "<|im_end|>"), new("stop", " ")]);
        read.Messages.ShouldBe([new ChatMessage(ChatMessage.User, "Hello there")]);
        read.Licenses.ShouldBe(["\nline one\n  line two"]);
        read.Template.ShouldBe("{{ messages[0]['content'] }}");
        read.Notes.ShouldHaveSingleItem().ShouldContain("REQUIRES");
    }

    [Fact]
    public void What_is_printed_reads_as_itself()
    {
        string[] texts = ["plain", "", " ", "\"", "\"\"", "a\"", "\"a\"", "two\nlines\n", "\n", "#no comment", "FROM x", "tab\there", "ü 漢 🙂", "trailing ", "\"\" x\"\"", "back\\slash", "{% if x %}"];
        foreach (var one in texts)
        {
            foreach (var other in texts)
            {
                var file = new Modelfile
                {
                    From = "m:" + one.Replace("\n", "", StringComparison.Ordinal),
                    System = one,
                    Template = other,
                    Parameters = [new("temperature", "0.5"), new("stop", one + "x"), new("stop", other + "'")],
                    Messages = [new("user", other), new("assistant", one)],
                    Licenses = ["l" + one],
                };

                Modelfile.Parse(file.Checked().ToString()).ShouldBe(file);
            }
        }
    }

    [Theory]
    [InlineData("", "FROM")]
    [InlineData("FROM a\nFROM b", "line 2", "second FROM")]
    [InlineData("FROM", "line 1", "nothing stands behind FROM")]
    [InlineData("FROM a\nADAPTER x", "line 2", "ADAPTER is not supported")]
    [InlineData("FROM a\nPARSER x", "PARSER is not supported")]
    [InlineData("FROM a\nNONSENSE x", "line 2", "'NONSENSE'")]
    [InlineData("FROM a\nPARAMETER temprature 1", "line 2", "'temprature'", "'temperature'")]
    [InlineData("FROM a\nPARAMETER zzzzzzzzzzzz 1", "there is no parameter 'zzzzzzzzzzzz'")]
    [InlineData("FROM a\nPARAMETER temperature hot", "'hot'", "from 0 to 10")]
    [InlineData("FROM a\nPARAMETER temperature nan", "temperature")]
    [InlineData("FROM a\nPARAMETER temperature 1,5", "'1,5'")]
    [InlineData("FROM a\nPARAMETER num_loops 2.5", "whole number")]
    [InlineData("FROM a\nPARAMETER mirostat 1", "'mirostat'", "nothing like it here")]
    [InlineData("FROM a\nPARAMETER kv_policy best", "last-exited")]
    [InlineData("FROM a\nPARAMETER seed 1e3", "seed")]
    [InlineData("FROM a\nPARAMETER stop", "stop string")]
    [InlineData("FROM a\nPARAMETER", "name and a value")]
    [InlineData("FROM a\nMESSAGE nobody hi", "'nobody'", "user or assistant")]
    [InlineData("FROM a\nSYSTEM \"\"\"\nno end", "line 2", "never closed")]
    [InlineData("FROM a\nSYSTEM \"\"\"x\"\"\" y", "something stands behind")]
    [InlineData("FROM a\nSYSTEM \"x", "opened and not closed")]
    [InlineData("FROM a\nTEMPLATE {{ .Prompt }}", "line 2", "Jinja")]
    [InlineData("FROM a\nTEMPLATE \"\"\"{{- if .System }}{{ .System }}{{ end }}\"\"\"", "Jinja")]
    [InlineData("FROM a\nTEMPLATE {{ range $i, $m := .Messages }}", "Jinja")]
    [InlineData("FROM a\nSYSTEM \u0007", "U+0007")]
    public void What_is_wrong_is_said_in_one_sentence_with_its_line(string text, params string[] words)
    {
        var problem = Should.Throw<StoreException>(() => Modelfile.Parse(text));

        problem.Fault.ShouldBe(StoreFault.Invalid);
        problem.Message.Any(char.IsControl).ShouldBeFalse();
        foreach (var word in words)
            problem.Message.ShouldContain(word);
    }

    [Fact]
    public void Jinja_templates_are_not_taken_for_Go()
    {
        string[] templates =
        [
            "{% for message in messages %}{{ message.content }}{% endfor %}", "{{ bos_token }}{{ 'a' if x else 'b' }}", "{{- messages | length }}", "{{ end_of_text }}", "{{ with_tools }}", "{% if x %}{{ x }}{% else %}{% endif %}",
            OuroVocabulary.Instance.ChatTemplate.ShouldNotBeNull(),
        ];
        foreach (var template in templates)
            ModelfileReader.GoSyntaxIn(template).ShouldBeNull(template);
    }

    [Fact]
    public void Every_setting_of_the_program_can_be_a_parameter_within_its_limits()
    {
        Setting[] settings = [.. typeof(Setting).GetFields().Where(field => field.FieldType == typeof(Setting)).Select(field => (Setting)field.GetValue(null)!)];

        settings.Length.ShouldBeGreaterThan(10);
        foreach (var setting in settings)
        {
            foreach (var name in setting.Aliases.Prepend(setting.Name).Append(setting.Name.ToUpperInvariant()))
            {
                var value = setting.Default.ToString(System.Globalization.CultureInfo.InvariantCulture);
                var read = Modelfile.Parse($"FROM a\nPARAMETER {name} {value}");
                read.Parameters.ShouldBe([new(setting.Name, value)]);
                new StoredParameters(read.Parameters).Settings.Find(setting).ShouldBe(setting.Default);
                Should.Throw<StoreException>(() => Modelfile.Parse($"FROM a\nPARAMETER {name} 1e300"));
            }
        }
    }

    [Fact]
    public void Parameters_that_cannot_change_a_text_are_passed_over_with_a_note()
    {
        var read = Modelfile.Parse("FROM a\nPARAMETER num_gpu 99\nPARAMETER use_mmap true\nPARAMETER top_k 5\nPARAMETER top_k 6\nSYSTEM a\nSYSTEM b");

        read.Parameters.ShouldBe([new("top_k", "6")]);
        read.System.ShouldBe("b");
        read.Notes.Count.ShouldBe(4);
    }

    [Fact]
    public void Random_texts_are_read_or_refused_and_nothing_else()
    {
        string[] pieces = ["FROM ", "a", "\"", "\"\"\"", "\n", " ", "PARAMETER ", "stop ", "SYSTEM ", "MESSAGE user ", "#", "\r\n", "TEMPLATE ", "{{ ", ".x", "\t", "\u0000", "\uD800", "1", "LICENSE "];
        var random = new Random(7);
        var readable = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder("FROM a\n");
            for (var count = random.Next(14); count > 0; count--)
                text.Append(pieces[random.Next(pieces.Length)]);
            try
            {
                var read = Modelfile.Parse(text.ToString());
                Modelfile.Parse(read.ToString()).ShouldBe(read);
                readable++;
            }
            catch (StoreException problem)
            {
                problem.Message.ShouldNotContain("\n");
            }
        }

        readable.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Sizes_are_bounded()
    {
        Should.Throw<StoreException>(() => Modelfile.Parse("FROM a\nSYSTEM " + new string('x', Modelfile.MostBytes))).Message.ShouldContain("at most");
        Should.Throw<StoreException>(() => Modelfile.Parse("FROM a\n" + string.Concat(Enumerable.Repeat("PARAMETER stop x\n", 1_000)))).Message.ShouldContain("more than");
        Should.Throw<StoreException>(() => new Modelfile { From = "a", System = "three \"\"\" marks" }.Checked()).Message.ShouldContain("three quotation marks");
    }

    [Fact]
    public void There_are_at_most_as_many_stop_strings_as_a_reply_can_have()
    {
        string With(int count) => "FROM a\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"PARAMETER stop s{i}\n"));

        new StoredParameters(Modelfile.Parse(With(64)).Parameters).Settings.Stops!.Value.Length.ShouldBe(64);
        Should.Throw<StoreException>(() => Modelfile.Parse(With(65))).Message.ShouldContain("more than 64 stop strings");
    }
}
